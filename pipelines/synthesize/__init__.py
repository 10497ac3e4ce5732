"""New samples of a person: made in the wished way and by augmentation, each judged by its face."""

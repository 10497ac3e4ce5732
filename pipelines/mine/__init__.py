"""Other people to tell somebody from: an index of faces out of any folder, and what of it a training uses."""

"""What ReMoH and fine-tuning per subject cost and bring: run by hand, see README."""

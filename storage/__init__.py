"""What is kept on disk: people with their consent, videos, perception records and vectors, in one SQLite file."""

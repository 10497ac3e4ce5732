"""The process that has the models: it answers questions and works through the jobs. Talks HTTP over a Unix socket."""

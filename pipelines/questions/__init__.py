"""Questions and answers about clips, for training: one JSONL with a published schema, its import and its checks."""

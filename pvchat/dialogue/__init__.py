"""Conversations: what a turn means after the turns before it, and answers that are read off the record by rule."""

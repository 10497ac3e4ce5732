"""Enrollment as a durable job: steps that leave whole artifacts, run by workers that survive each other's death."""

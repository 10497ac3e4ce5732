"""The REST API: routes, queue, uploads, and the supervisor of the worker."""

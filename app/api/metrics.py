"""Figures for Prometheus. No label says who is asked about."""

import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The service's metrics in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "pvchat_requests_total",
            "Requests by route, method and status.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "pvchat_request_seconds",
            "Time to the first byte of the response.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.answers = Counter("pvchat_answers_total", "Answers by outcome.", ["outcome"], registry=self.registry)
        self.first_token = Histogram(
            "pvchat_first_token_seconds",
            "Time from question to first token.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.waiting = Gauge("pvchat_chat_waiting", "Questions that wait for the model.", registry=self.registry)
        self.jobs = Gauge("pvchat_jobs_waiting", "Jobs that wait for the worker.", registry=self.registry)
        self.restarts = Gauge("pvchat_worker_restarts", "Times the worker was started again.", registry=self.registry)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)


class Measured:
    """ASGI middleware that counts requests and times them to the first byte.

    Args:
        app: the application behind it. metrics: where to.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and measure it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The route's pattern, never the path: ids are nobody's business.
                route: Any = scope.get("route")
                path = getattr(route, "path", "other")
                self._metrics.requests.labels(path, scope["method"], str(message["status"])).inc()
                self._metrics.seconds.labels(path).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, sender)

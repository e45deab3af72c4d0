"""The HTTP interface of a service as an ASGI application. Each process makes one for each service that it hosts."""

from fastapi import FastAPI

from chassis.http import problems
from chassis.http.strict import Strict
from chassis.service.runtime import Runtime
from chassis.service.service import Service


def application(service: Service, runtime: Runtime | None = None) -> FastAPI:
    """The routes of `service`, which work with `runtime`. Without one it can be described and answers nothing."""
    app = FastAPI(
        title=f"Box Office: {service.name}", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    app.add_middleware(Strict, service=app)
    problems.install(app)
    for router in service.routers:
        app.include_router(router)
    app.state.runtime = runtime
    return app

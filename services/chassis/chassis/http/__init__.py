"""The HTTP border of a process: what comes in, who sends it, what goes out."""

from chassis.http.admission import Admission, Busy, Urgency
from chassis.http.cache import Rendered, RenderedCache, conditional, etag_of
from chassis.http.declared import CONDITIONAL, EVENTS, SET_COOKIE, Responses, located, raises
from chassis.http.inputs import (
    Country,
    Currency,
    Id,
    Input,
    Opaque,
    Paragraphs,
    StrictInt,
    Text,
    TimeZone,
    UtcTime,
    VisibleText,
)
from chassis.http.origin import remote_address
from chassis.http.pagination import Page, PageRequest, PageRequestDep, encode_cursor
from chassis.http.principals import (
    COOKIE,
    CurrentPrincipal,
    CurrentSession,
    OptionalPrincipal,
    Principal,
    optional_principal,
    requires_role,
)
from chassis.http.streaming import event_stream

__all__ = [
    "CONDITIONAL",
    "COOKIE",
    "EVENTS",
    "SET_COOKIE",
    "Admission",
    "Busy",
    "Country",
    "Currency",
    "CurrentPrincipal",
    "CurrentSession",
    "Id",
    "Input",
    "Opaque",
    "OptionalPrincipal",
    "Page",
    "PageRequest",
    "PageRequestDep",
    "Paragraphs",
    "Principal",
    "Rendered",
    "RenderedCache",
    "Responses",
    "StrictInt",
    "Text",
    "TimeZone",
    "Urgency",
    "UtcTime",
    "VisibleText",
    "conditional",
    "encode_cursor",
    "etag_of",
    "event_stream",
    "located",
    "optional_principal",
    "raises",
    "remote_address",
    "requires_role",
]

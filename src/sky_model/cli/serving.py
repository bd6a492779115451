"""The command with which an application in any language asks: requests in, answers out, for as long as it wants."""

from __future__ import annotations

import os
import sys

import click

from sky_model.cli.application import ALLOW, CALENDAR, RULES, SCHOOLS, app, asked_with
from sky_model.host.lines import answer_lines
from sky_model.host.requests import Desk

__all__ = ["serve"]


@app.command()
@click.option("--stdio", is_flag=True, required=True, help="requests on standard input, answers on standard output, one a line")
@RULES
@ALLOW
@CALENDAR
@SCHOOLS
def serve(stdio: bool, rules: str, allow: tuple[str, ...], calendar: str | None, schools: str | None) -> None:
    """Answer requests, one JSON object a line, until standard input ends: decide, explain, check, needs, rules.

    Rules, calendars and schools are read once, before the first request. To use others, start it again.
    """
    asked = asked_with(rules, allow, calendar, schools, None)
    desk = Desk(asked.model, calendars=asked.calendars, schools=asked.schools)
    try:
        answer_lines(desk, sys.stdin.buffer, sys.stdout.buffer)
    except (BrokenPipeError, KeyboardInterrupt):  # who asked has gone; there is nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

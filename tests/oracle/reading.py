"""Rulesets with their layers, calendars and records, read from the texts into plain dictionaries. Every scalar stays a text."""


def ruleset(source):
    """The whole of all layers in the shape of one file (as in `conformance/rulesets`).

    `source`: such a dict, the text of a YAML file, or a folder (or its name under `rulesets/`).
    """
    raise NotImplementedError


def version(whole, line=""):
    """One version for `facts.Facts` from a whole ruleset: days as ordinals, sections by id, actions and ladders filled in."""
    raise NotImplementedError


def record(data):
    """{pupil, feed, named, events} of a record (a dict as `rulesets/schema/record.json`); events as `facts` says, in order."""
    raise NotImplementedError


def calendars(where=None):
    """name: list of school years, from `conformance/calendars.json` (the default), or from a folder of YAML calendars."""
    raise NotImplementedError

"""A second decider, slow and obvious, written from the texts alone: the witness of the engine.

It imports nothing of `sky_model`. It reads YAML and records by itself and counts days by itself:

- `reading`: rulesets with their layers, calendars and records into plain dictionaries;
- `days`: school days, windows, clocks and schedules of one calendar;
- `facts`: what is known of one pupil on one day, counters and conditions;
- the fold and the tasks stand on these, in modules of their own.
"""

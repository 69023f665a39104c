"""What the people who run the hub see of its work: traces, metrics, a line for each request.

Takes settings; gives a `Telemetry`, whom an engine tells of its work (`hub.model.watch`) and which stands around the
endpoint. Where nothing is switched on, nobody is told and nothing stands in the way. The only importer of opentelemetry
and prometheus_client.

words      what may stand in a label: kinds of readers and codes, from closed sets
metrics    counters and histograms, for several processes together, and the port they are read at
traces     spans, taken on from who asks and handed on to remote subgraphs
watch      an engine -> metrics and spans
lines      lines for stdout, written by a thread of their own
endpoint   an HTTP request -> its span, its metrics, its line
opened     settings -> all of it, from its start to its end

INVARIANT: nothing here holds a value of a person, a class, SQL, the text of a document, a variable; and nothing but
durations, times and random ids differs between a record that is hidden from a reader and one that does not exist.
"""

from hub.telemetry.opened import Telemetry, metrics_together, open_telemetry

__all__ = ["Telemetry", "metrics_together", "open_telemetry"]

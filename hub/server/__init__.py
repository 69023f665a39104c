"""The only code that knows HTTP. Takes an engine, a key set and a socket; gives an endpoint.

keys         a key set file -> the keys that may sign tokens
tokens       a bearer token -> its verified claims
identity     a bearer token -> a `Viewer`
asserted     what a hub asserts to a subgraph -> profile and standing
asking       who asks a subgraph: a hub, or a reader
negotiation  headers -> how the body is read and how the answer is written
answers      errors -> the one shape in which they are shown
reading      a body or an address -> a request
compression  an answer -> the same in fewer bytes
head         a bounded head of a request
admission    who may ask now: places, rate, quota
graphql      /graphql: gates in a fixed order, then the engine
app          the list of routes
run          a socket, an event loop, signals
"""

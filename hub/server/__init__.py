"""The only code that knows HTTP. Takes an engine, whom to trust and a socket; gives an endpoint.

keys         a key set -> the keys that may sign tokens
keyring      the keys of an issuer as they change
issuers      settings or a file -> who is trusted to say who reads, and what each may say
certificates `Client-Cert` from a trusted proxy -> what is bound to it
tokens       a bearer token -> its verified claims
identity     a bearer token or a certificate -> a `Viewer`
asserted     what a hub asserts to a subgraph -> profile and standing
asking       who asks a subgraph: a hub, or a reader
negotiation  headers -> how the body is read and how the answer is written
answers      errors -> the one shape in which they are shown
reading      a body or an address -> a request
compression  an answer -> the same in fewer bytes
head         a bounded head of a request
admission    who may ask now: places, rate, quota
graphql      /graphql: gates in a fixed order, then the engine
pages        GraphiQL and the landing page, for browsers
explore      what the page at /graphql asks beside the graph
health       whether the process lives, and is ready
app          the list of routes
edition      what answers, and how it is replaced while it answers
run          a socket, an event loop, signals
supervise    several processes on one socket
reload       one word to all replicas
"""

"""The hub: one GraphQL endpoint over the registers behind Viet Nam's electronic social insurance book.

Two flows meet in the values of `hub.model`:

    build     schema/*.py --authoring--> Subgraph* --compose--> Supergraph --> planner graph
    request   bytes --server--> Request + Viewer --operation--> Operation --policy--> Authorized
                    --planner--> Plan --executor (sources)--> Result --> response bytes

Packages in the order of a request: `server`, `operation`, `policy`, `planner`, `executor`, `sources`.
"""

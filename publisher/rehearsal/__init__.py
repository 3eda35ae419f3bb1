"""A SendGrid to rehearse against: a real HTTP server that holds the documented rules.

Nothing here knows the rest of the program: it is the other side of the wire. It serves
`publisher send --rehearse`, the tests and the benchmarks, in a thread (`sendgrid_server`)
or as a process of its own (`sendgrid_process`, `python -m publisher.rehearsal`).
"""

"""How alerts leave the program: a notice of each step, an outbox that loses none, routes."""

"""How alerts leave the program: a notice for each step, an outbox that loses none, and the routes."""

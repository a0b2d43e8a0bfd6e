"""What is declared: who is signed in where, with which skills, which queues are closed."""

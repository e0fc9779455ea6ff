"""What waits for a GPU: one script that measures and checks all of it where there is one."""

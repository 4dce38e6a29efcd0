"""What a user's module imports: flows, steps, futures and the context of the running attempt. Part of the kit."""

"""What people decide: cases, queues, leases, decisions, complaints."""

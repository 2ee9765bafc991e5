"""Messages to a platform as signed webhooks (Standard Webhooks)."""

"""What operators look at: status, metrics, logs, a doctor, backups, verification."""

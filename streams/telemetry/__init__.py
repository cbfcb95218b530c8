"""What the processes tell of themselves: metrics from one closed list, traces, and logs without personal data."""

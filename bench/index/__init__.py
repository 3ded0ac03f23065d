"""What an index run and a slice cost, as ratios that a busy machine changes little. See docs/performance.md."""

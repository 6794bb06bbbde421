"""What several test files share. No test imports another test."""

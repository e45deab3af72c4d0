"""What the tests stand on: real servers, started once for a whole run."""

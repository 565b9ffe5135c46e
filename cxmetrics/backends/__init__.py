"""Engines that count and sum: rows of files in, states at the finest cell out.  See `cells` for what they share."""

"""Antiphon on other machines than this one: Debian roots, and what is simulated of other systems."""

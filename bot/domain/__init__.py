"""What a shop is and how it decides, without any wire, database or template."""

"""Statements for technicians: findings, statistics, alarms."""

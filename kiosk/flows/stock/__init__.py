"""Ingredients that orders hold."""

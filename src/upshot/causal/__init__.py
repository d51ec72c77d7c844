"""Counterfactual estimators on series and panels: arrays in, estimates out."""

"""Objectives: are we on course?"""

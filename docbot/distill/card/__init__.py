"""Write a model's card: a template and the figures of the other steps go in, README.md comes out.

Imports evaluate and iterate, and no module that needs torch unless rounds were run.
"""

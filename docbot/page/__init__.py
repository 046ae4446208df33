"""Draw what `docbot report` counted: one HTML page, and a badge.

Plain data goes in, text comes out; nothing here reads a repository or decides what counts. It may
import nothing of docbot but its text helpers. The template, the style sheet and the script lie
beside the modules, and all text of the repository is escaped.
"""

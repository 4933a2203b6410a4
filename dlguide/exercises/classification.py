"""What checks the exercises of the lesson *Classification*.

Read the lesson: [Classification](../lessons/classification.md#exercises).
"""

from dlguide.exercises.answers import Exercises

__all__ = ["EXERCISES"]

EXERCISES = Exercises()

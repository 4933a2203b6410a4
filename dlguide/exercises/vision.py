"""What checks the exercises of the lesson *Vision*.

Read the lesson: [Vision](../lessons/vision.md#exercises).
"""

from dlguide.exercises.answers import Exercises

__all__ = ["EXERCISES"]

EXERCISES = Exercises()

"""What checks the exercises of the lesson *Overfitting*.

Read the lesson: [Overfitting](../lessons/overfitting.md#exercises).
"""

from dlguide.exercises.answers import Exercises

__all__ = ["EXERCISES"]

EXERCISES = Exercises()

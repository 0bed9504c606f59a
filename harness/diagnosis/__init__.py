"""Diagnosis: why a candidate's gradients differ, by five means, each in a file or folder of its own."""

"""Vendotek's VTK protocol 1.12, over a serial line or TCP (protocols/vtk.md)."""

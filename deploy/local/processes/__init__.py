"""Programs of the stack: started in order, guarded, ended in order."""

"""What must hold during and after every fault."""

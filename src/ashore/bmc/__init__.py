"""The Redfish service of a stack's machines: a baseboard controller for each, in one process."""

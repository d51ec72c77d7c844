from tests.shop import filled, folder, owner, workspace

__all__ = ["filled", "folder", "owner", "workspace"]

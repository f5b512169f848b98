"""Registration 注册登记."""

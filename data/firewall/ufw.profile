[Cantiga]
title=Cantiga media server
description=Players reach the server on port 22684, and find it by mDNS
ports=22684/tcp|5353/udp

# Sourced by NGINX's configure when it writes the Makefile: the C of the
# protobuf messages, which no file of ours is compiled without.

cat << END                                                    >> $NGX_MAKEFILE

$NGX_OBJS/webpubsub.pb-c.c:	$ngx_addon_dir/webpubsub.proto
	protoc-c --proto_path=$ngx_addon_dir --c_out=$NGX_OBJS \\
		$ngx_addon_dir/webpubsub.proto

$NGX_OBJS/addon/`basename $NGX_OBJS`/webpubsub.pb-c.o:	CFLAGS += -w

$NGX_OBJS/webpubsub.pb-c.h:	$NGX_OBJS/webpubsub.pb-c.c
	touch \$@

END

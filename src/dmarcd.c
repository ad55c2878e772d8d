/*
 * dmarcd.c - main: hands over to the table of sub-commands.
 */
int
main(void)
{
	return (0);
}
